/** A connector of somebody else's: queues in this process. {@code docs/writing-a-connector.md} walks through it. */
@NullMarked
package io.pythia.examples.deque;

import org.jspecify.annotations.NullMarked;
