/** The API that applications use: consumers, producers, messages and the registry that finds brokers by name. */
@NullMarked
package io.pythia;

import org.jspecify.annotations.NullMarked;
