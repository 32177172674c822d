/** What is behind {@link io.pythia.Worker}. Not for applications. */
@NullMarked
package io.pythia.internal.worker;

import org.jspecify.annotations.NullMarked;
