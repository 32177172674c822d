/** The HTTP connectors. */
@NullMarked
package io.pythia.examples.http;

import org.jspecify.annotations.NullMarked;
