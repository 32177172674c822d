/** Real servers for tests: given by an address, or run in containers or as processes of their own that can be killed, stopped and started again. */
@NullMarked
package io.pythia.testkit.server;

import org.jspecify.annotations.NullMarked;
