/** The engine: what all connectors share. Not API; it may change in any release. */
@NullMarked
package io.pythia.internal;

import org.jspecify.annotations.NullMarked;
