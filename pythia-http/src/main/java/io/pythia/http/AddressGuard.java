package io.pythia.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says to which addresses a connection may be made, so that a URL that somebody else chose can't reach what only this machine can
 * (server-side request forgery). It judges the bytes of an address, by a list of networks: the JDK's {@code isXxxAddress} methods leave out
 * more than half of the special ones.
 */
final class AddressGuard {
    /** Nobody's endpoint is there: cloud metadata, link-local, this network, multicast, reserved. */
    private static final Networks NEVER = Networks.of(
            "169.254.0.0/16",
            "100.100.100.200/32", // Alibaba's metadata
            "168.63.129.16/32", // Azure's
            "192.0.0.0/24", // Oracle's, and protocol assignments
            "0.0.0.0/8",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "fe80::/10",
            "fd00:ec2::/32", // Amazon's
            "fd20:ce::/32", // Google's
            "::/128",
            "ff00::/8");

    /** Special by RFC 6890 and its successors, and not on the list of {@link #NEVER}; in IPv6 within the public 2000::/3. */
    private static final Networks SPECIAL = Networks.of(
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20");

    /** An IPv4 address is in their last four bytes. */
    private static final Networks TRANSLATED =
            Networks.of("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48");

    private static final Networks SIX_TO_FOUR = Networks.of("2002::/16");

    private static final Networks PUBLIC_V6 = Networks.of("2000::/3");

    private final Networks allowed;
    private final boolean ownNetworks;

    private AddressGuard(List<String> allowed, boolean ownNetworks) {
        this.allowed = Networks.of(allowed);
        this.ownNetworks = ownNetworks;
    }

    /** Returns a guard for URLs that others choose: only public addresses, and those that are allowed in so many words. */
    static AddressGuard forWebhooks(List<String> allowed) {
        return new AddressGuard(allowed, false);
    }

    /** Returns a guard for URLs that the developer chooses: loopback and private addresses too. */
    static AddressGuard forPoller(List<String> allowed) {
        return new AddressGuard(allowed, true);
    }

    boolean allows(InetAddress address) {
        // An IPv4 address that is mapped into IPv6 comes from the JDK as what it is; what a translator takes out of
        // others is judged here.
        InetAddress inside = translated(address);
        if (NEVER.contain(address) || (inside != null && !allows(inside))) {
            return false;
        }
        if (allowed.contain(address)) {
            return true;
        }
        if (Networks.LOOPBACK.contain(address) || Networks.PRIVATE.contain(address)) {
            return ownNetworks;
        }
        return !SPECIAL.contain(address) && (!(address instanceof Inet6Address) || PUBLIC_V6.contain(address));
    }

    /** Returns the IPv4 address that a gateway makes of an IPv6 one, null if none does: NAT64, 6to4, SIIT and the compatible form. */
    private static @Nullable InetAddress translated(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return null;
        }
        byte[] bytes = address.getAddress();
        int from = SIX_TO_FOUR.contain(address) ? 2 : TRANSLATED.contain(address) && !isOwn(address) ? 12 : -1;
        try {
            return from < 0 ? null : InetAddress.getByAddress(Arrays.copyOfRange(bytes, from, from + 4));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    private static boolean isOwn(InetAddress address) {
        return Networks.LOOPBACK.contain(address);
    }

    /** Throws if a connection to an address may not be made. */
    void check(String host, InetAddress address) throws BlockedAddressException {
        if (!allows(address)) {
            throw new BlockedAddressException(host + " is at " + address.getHostAddress()
                    + ", which is no public address; allowNetworks can allow private networks, but not link-local"
                    + " addresses and cloud metadata");
        }
    }

    /** Throws if any of a host's addresses may not be connected to: one that is mixed in among good ones is no accident. */
    List<InetAddress> check(String host, List<InetAddress> addresses) throws BlockedAddressException {
        for (InetAddress address : addresses) {
            check(host, address);
        }
        return addresses;
    }

    /** A connection that was not made because of where it would have gone. */
    static final class BlockedAddressException extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        BlockedAddressException(String message) {
            super(message);
        }
    }
}
