/** Changes of a database as messages. */
@NullMarked
package io.pythia.examples.cdc;

import org.jspecify.annotations.NullMarked;
