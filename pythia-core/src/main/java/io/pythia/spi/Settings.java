package io.pythia.spi;
public final class Settings {}
