/** What a connector implements: two small drivers, a provider, and the facades that put the engine around them. */
@NullMarked
package io.pythia.spi;

import org.jspecify.annotations.NullMarked;
