/** Pythia with the reactive libraries and with plain loops: the snippets of docs/interop.md, compiled and run. */
@NullMarked
package io.pythia.interop;

import org.jspecify.annotations.NullMarked;
