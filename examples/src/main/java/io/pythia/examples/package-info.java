/** The programs and snippets of the documentation. */
@NullMarked
package io.pythia.examples;

import org.jspecify.annotations.NullMarked;
