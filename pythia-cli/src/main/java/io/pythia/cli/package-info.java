/** The command {@code pythia}: consume, produce, pipe, ping, brokers and demo, with any connector on the class path. */
@NullMarked
package io.pythia.cli;

import org.jspecify.annotations.NullMarked;
