/** Trying again with pauses, and not trying for a while: usable on their own, and what the engine uses. */
@NullMarked
package io.pythia.retry;

import org.jspecify.annotations.NullMarked;
