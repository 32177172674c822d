/** What the abstraction costs: the engine over a driver that does nothing, and each connector beside its raw client. */
@NullMarked
package io.pythia.benchmarks;

import org.jspecify.annotations.NullMarked;
