/** What connectors are tested with: the conformance suite, a ledger that counts every message, traffic and faults for it, child JVMs to kill. */
@NullMarked
package io.pythia.testkit;

import org.jspecify.annotations.NullMarked;
