package io.pythia.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/**
 * Where a command reads and writes: data goes to {@code out}, everything for people to {@code err}.
 *
 * @param in what is to be sent
 * @param out data, buffered: who writes flushes
 * @param err progress, summaries and errors
 * @param interactive whether a person watches, who likes to see progress
 */
record Terminal(InputStream in, OutputStream out, PrintStream err, boolean interactive) {}
