package io.pythia.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A list of networks, by address and length of the prefix. Immutable. */
final class Networks {
    private static final int BITS_OF_BYTE = 8;

    static final Networks LOOPBACK = of("127.0.0.0/8", "::1/128");

    /** Networks of one's own: RFC 1918, carrier-grade NAT, unique local addresses. */
    static final Networks PRIVATE = of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7");

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Network(byte[] prefix, int bits) {
        boolean contains(byte[] address) {
            if (address.length != prefix.length) {
                return false;
            }
            int whole = bits / BITS_OF_BYTE;
            int rest = bits % BITS_OF_BYTE;
            int mask = 0xff << (BITS_OF_BYTE - rest);
            return Arrays.equals(address, 0, whole, prefix, 0, whole)
                    && (rest == 0 || (address[whole] & mask) == (prefix[whole] & mask));
        }
    }

    private final List<Network> networks;

    private Networks(List<Network> networks) {
        this.networks = List.copyOf(networks);
    }

    /** Returns networks from CIDR, {@code loopback} and {@code private}. */
    static Networks of(String... names) {
        return of(List.of(names));
    }

    /**
     * Returns networks from CIDR, {@code loopback} and {@code private}.
     *
     * @throws IllegalArgumentException if one is neither
     */
    static Networks of(List<String> names) {
        List<Network> networks = new ArrayList<>();
        for (String name : names) {
            switch (name) {
                case "loopback" -> networks.addAll(LOOPBACK.networks);
                case "private" -> networks.addAll(PRIVATE.networks);
                default -> networks.add(parse(name));
            }
        }
        return new Networks(networks);
    }

    private static Network parse(String cidr) {
        int slash = cidr.indexOf('/');
        byte[] address = address(slash < 0 ? cidr : cidr.substring(0, slash), cidr);
        int most = address.length * BITS_OF_BYTE;
        int bits = slash < 0 ? most : bits(cidr, slash, most);
        return new Network(address, bits);
    }

    private static int bits(String cidr, int slash, int most) {
        String text = cidr.substring(slash + 1);
        if (!text.matches("[0-9]{1,3}") || Integer.parseInt(text) > most) {
            throw bad(cidr);
        }
        return Integer.parseInt(text);
    }

    /** Returns the bytes of a literal address; a name would be looked up, and is refused. */
    private static byte[] address(String literal, String cidr) {
        boolean v4 = literal.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
        if (!v4 && !(literal.indexOf(':') >= 0 && literal.matches("[0-9a-fA-F:.]{2,45}"))) {
            throw bad(cidr);
        }
        try {
            return InetAddress.getByName(literal).getAddress();
        } catch (UnknownHostException e) {
            throw bad(cidr);
        }
    }

    private static IllegalArgumentException bad(String cidr) {
        return new IllegalArgumentException(
                "allowNetworks must have networks such as 10.1.0.0/16 or fd00:1::/32, loopback"
                        + " or private, but has "
                        + (cidr.length() > 60 ? "a text of " + cidr.length() + " characters" : cidr));
    }

    boolean contain(InetAddress address) {
        byte[] bytes = address.getAddress();
        for (Network network : networks) {
            if (network.contains(bytes)) {
                return true;
            }
        }
        return false;
    }
}
