package io.pythia.cdc;

class CdcPostgresFaultsIT extends FaultCases {
    CdcPostgresFaultsIT() {
        super(Source.POSTGRES);
    }
}
