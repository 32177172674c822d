package io.pythia.cdc;

class CdcLogFaultsIT extends FaultCases {
    CdcLogFaultsIT() {
        super(Source.LOG);
    }
}
