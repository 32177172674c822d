@NullMarked
package io.pythia.http;

import org.jspecify.annotations.NullMarked;
