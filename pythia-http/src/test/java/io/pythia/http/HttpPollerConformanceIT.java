package io.pythia.http;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

class HttpPollerConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new FeedHarness("http-poller", HttpPollerBrokerProvider.CAPABILITIES);
    }
}
