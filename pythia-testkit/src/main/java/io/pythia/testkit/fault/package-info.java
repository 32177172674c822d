/** Faults of the network between a client and its server. */
@NullMarked
package io.pythia.testkit.fault;

import org.jspecify.annotations.NullMarked;
