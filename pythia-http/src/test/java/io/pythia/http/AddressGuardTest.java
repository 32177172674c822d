package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.http.AddressGuard.BlockedAddressException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
    private static final AddressGuard WEBHOOK = AddressGuard.forWebhooks(List.of());
    private static final AddressGuard POLLER = AddressGuard.forPoller(List.of());

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "0.1.2.3",
                "10.0.0.1",
                "10.255.255.255",
                "100.64.0.1",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.254",
                "169.254.0.1",
                "169.254.169.254",
                "169.254.170.2",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.1",
                "192.0.0.192",
                "192.0.2.1",
                "192.31.196.1",
                "192.52.193.1",
                "192.88.99.1",
                "192.168.0.1",
                "192.168.255.255",
                "192.175.48.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.1",
                "255.255.255.255",
                "100.100.100.200",
                "168.63.129.16",
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::ffff:169.254.169.254",
                "::127.0.0.1",
                "::ffff:0:127.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b::a9fe:a9fe",
                "64:ff9b:1::1",
                "100::1",
                "100:0:0:1::1",
                "2001::1",
                "2001:2::1",
                "2001:10::1",
                "2001:20::1",
                "2001:db8::1",
                "2002:7f00:1::",
                "2002:a9fe:a9fe::1",
                "2620:4f:8000::1",
                "3fff::1",
                "5f00::1",
                "fc00::1",
                "fd00:ec2::254",
                "fd12:3456::1",
                "fe80::1",
                "fe80::a9fe:a9fe",
                "fec0::1",
                "ff02::1",
                "ff0e::1",
                "4000::1",
                "8000::1"
            })
    void specialAddress_isBlockedForWebhooks(String literal) {
        assertThat(WEBHOOK.allows(address(literal))).isFalse();
        assertThatThrownBy(() -> WEBHOOK.check("some.host", address(literal)))
                .isInstanceOf(BlockedAddressException.class)
                .hasMessageContaining("some.host");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.1",
                "169.253.255.255",
                "172.15.255.255",
                "172.32.0.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "2001:4860:4860::8888",
                "2606:4700:4700::1111",
                "2a00:1450:4001::1",
                "2003::1",
                "3ffe::1"
            })
    void publicAddress_isAllowed(String literal) {
        assertThat(WEBHOOK.allows(address(literal))).isTrue();
        assertThat(POLLER.allows(address(literal))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1"})
    void ownNetworks_areAllowedForThePoller(String literal) {
        assertThat(POLLER.allows(address(literal))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "fd00:ec2::254",
                "100.100.100.200",
                "168.63.129.16",
                "192.0.0.192",
                "fe80::1",
                "0.0.0.0",
                "224.0.0.1",
                "::",
                "fd20:ce::254",
                "::ffff:169.254.169.254",
                "::169.254.169.254",
                "::ffff:0:169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "64:ff9b:1::a9fe:a9fe",
                "2002:a9fe:a9fe::1"
            })
    void metadataAndLinkLocal_areNeverAllowed(String literal) {
        assertThat(POLLER.allows(address(literal))).isFalse();
        assertThat(AddressGuard.forWebhooks(List.of("0.0.0.0/0", "::/0")).allows(address(literal)))
                .isFalse();
    }

    @Test
    void allowedNetworks_areAllowed_andOnlyThose() {
        AddressGuard guard = AddressGuard.forWebhooks(List.of("10.1.0.0/16", "loopback", "192.168.7.9"));
        assertThat(guard.allows(address("10.1.255.1"))).isTrue();
        assertThat(guard.allows(address("10.2.0.1"))).isFalse();
        assertThat(guard.allows(address("127.9.9.9"))).isTrue();
        assertThat(guard.allows(address("::1"))).isTrue();
        assertThat(guard.allows(address("192.168.7.9"))).isTrue();
        assertThat(guard.allows(address("192.168.7.8"))).isFalse();
        assertThat(AddressGuard.forWebhooks(List.of("private")).allows(address("172.20.0.1")))
                .isTrue();
    }

    /** On networks with IPv6 alone the translator's prefix must be allowed: then what it leads to is judged. */
    @Test
    void translatedAddress_isJudgedByWhatIsInIt() {
        AddressGuard guard = AddressGuard.forWebhooks(List.of("64:ff9b::/96", "10.1.0.0/16"));
        assertThat(guard.allows(address("64:ff9b::808:808"))).isTrue();
        assertThat(guard.allows(address("64:ff9b::7f00:1"))).isFalse();
        assertThat(guard.allows(address("64:ff9b::c0a8:1"))).isFalse();
        assertThat(guard.allows(address("64:ff9b::a01:1"))).isTrue();
        assertThat(guard.allows(address("::1"))).isFalse();
        assertThat(AddressGuard.forPoller(List.of()).allows(address("::1"))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0/33",
                "10.0.0/8",
                "::/129",
                "localhost",
                "10.0.0.0/-1",
                "a/8",
                "",
                "10.0.0.0/8/8",
                "300.0.0.1"
            })
    void badNetwork_isRefused(String cidr) {
        assertThatThrownBy(() -> Networks.of(cidr))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("allowNetworks");
        assertThatThrownBy(() -> HttpConfig.builder().allowNetworks(cidr).build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void oneForbiddenAmongManyAddresses_blocksTheHost() {
        assertThatThrownBy(() -> WEBHOOK.check("mixed.example", List.of(address("8.8.8.8"), address("127.0.0.1"))))
                .isInstanceOf(BlockedAddressException.class);
    }
}
