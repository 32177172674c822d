package io.pythia.http;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The address of a proxy. */
record ProxyAddress(String host, int port) {
    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9._-]{1,255}|\\[[0-9a-fA-F:.]{2,45}]):([0-9]{1,5})");
    private static final int MAX_PORT = 65_535;

    /**
     * Takes {@code host:port} apart.
     *
     * @throws IllegalArgumentException if it is something else; its text is not in it, since it may have a password
     */
    static ProxyAddress parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()
                || Integer.parseInt(matcher.group(2)) > MAX_PORT
                || Integer.parseInt(matcher.group(2)) == 0) {
            throw new IllegalArgumentException("proxy must be host:port, without a user");
        }
        return new ProxyAddress(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }

    Proxy proxy() {
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
    }
}
