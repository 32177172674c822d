package io.pythia.http;

import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;

class WebhookConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new FeedHarness("webhook", WebhookBrokerProvider.CAPABILITIES);
    }
}
