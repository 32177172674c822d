package io.pythia.testkit.server;

import io.pythia.testkit.fault.FaultProxy;

/** A server that somebody else runs. A cluster that advertises its own address is reached around the proxy. */
final class GivenServer implements TestServer {
    private final String address;
    private final FaultProxy proxy;

    GivenServer(String address) {
        this.address = address;
        int colon = address.lastIndexOf(':');
        this.proxy = new FaultProxy(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
    }

    @Override
    public String origin() {
        return "address " + address;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public FaultProxy proxy() {
        return proxy;
    }

    @Override
    public boolean isOurs() {
        return false;
    }

    @Override
    public void kill() {
        throw new UnsupportedOperationException(origin() + " is not ours to kill");
    }

    @Override
    public void stop() {
        kill();
    }

    @Override
    public void start() {}

    @Override
    public void pause() {
        kill();
    }

    @Override
    public void resume() {}

    @Override
    public void close() {
        proxy.close();
    }
}
