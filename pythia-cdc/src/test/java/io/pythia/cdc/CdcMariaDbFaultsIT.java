package io.pythia.cdc;

class CdcMariaDbFaultsIT extends FaultCases {
    CdcMariaDbFaultsIT() {
        super(Source.MARIADB);
    }
}
