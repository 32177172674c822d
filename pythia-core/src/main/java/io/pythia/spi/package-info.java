/**
 * What a connector implements: two small drivers, a provider, and the facades that put the engine around them.
 *
 * <p>Of these types {@link io.pythia.spi.Outcome}, {@link io.pythia.spi.ConsumerOptions}, {@link io.pythia.spi.ProducerOptions} and
 * {@link io.pythia.spi.Capabilities}, and what the builders of consumers and producers inherit from
 * {@link io.pythia.spi.AbstractMessageBroker.Builder} and {@link io.pythia.spi.AbstractMessageProducer.Builder}, are for applications as
 * well: they are part of the API, with the same promise of stability as {@code io.pythia}. All others are for connectors.
 */
@NullMarked
package io.pythia.spi;

import org.jspecify.annotations.NullMarked;
