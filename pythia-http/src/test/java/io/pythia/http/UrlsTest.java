package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UrlsTest {
    private static final AddressGuard WEBHOOK = AddressGuard.forWebhooks(List.of());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://127.0.0.1/",
                "https://127.1/",
                "https://2130706433/",
                "https://0x7f000001/",
                "https://0x7f.1/",
                "https://0177.0.0.1/",
                "https://127.0.0.01/",
                "https://①②⑦.⓪.⓪.①/",
                "https://127。0。0。1/",
                "https://[::1]/",
                "https://[::ffff:127.0.0.1]/",
                "https://[fe80::1%25eth0]/",
                "https://[::1/",
                "https://a@127.0.0.1/",
                "https://user:s3cr3t@good.example/",
                "https://good.example@evil.example/",
                "https://good.example\\@evil.example/",
                "https://good.example#@evil.example/",
                "https:///path",
                "https:/x",
                "https://",
                "https://good.example:0x50/",
                "https://good.example:99999/",
                "https://good.example:-1/",
                "https://good.example:80:80/",
                "file:///etc/passwd",
                "ftp://good.example/",
                "gopher://good.example/",
                "javascript:alert(1)",
                "//good.example/",
                "good.example",
                "",
                "https://good.example/\r\nX: y",
                "https://good.example/ x",
                " https://good.example/",
                "https://good.example/\u0000",
                "https://..../",
                "https://999.1.1.1/",
                "https://1.2.3.4.5/",
                "https://good.example.0x7f/",
                "jar:https://good.example/!/",
                "https://good_ex%61mple/",
                "https://169.254.169.254/latest/meta-data/",
                "https://0/",
                "https://0.0.0.0/"
            })
    void oddUrl_isRefused_withoutBeingRepeated(String url) {
        assertThatThrownBy(() -> Urls.parse("webhookUrls", url, false, WEBHOOK))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("webhookUrls")
                .hasMessageNotContaining("s3cr3t")
                .hasMessageNotContaining("evil");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://good.example/", "https://good.example", "https://good.example:8443/a?b=c&d=%20",
                        "HTTPS://Good.Example/x",
                "https://8.8.8.8/", "https://[2606:4700:4700::1111]:443/", "https://xn--bcher-kva.example/",
                        "https://a-b.c_d.example/@x",
                "https://good.example/a,b;c?u=https://x@y"
            })
    void usualUrl_isTaken(String url) {
        assertThat(Urls.parse("url", url, false, WEBHOOK).isHttps()).isTrue();
    }

    @Test
    void plainHttp_mustBeAllowed() {
        assertThatThrownBy(() -> Urls.parse("url", "http://good.example/", false, WEBHOOK))
                .hasMessageContaining("allowPlainHttp");
        assertThat(Urls.parse("url", "http://good.example/", true, WEBHOOK).isHttps())
                .isFalse();
    }

    @Test
    void whatIsShown_hasNoPathOfAWebhook_andNoQueryOfAPoller() {
        var url = Urls.parse("url", "https://good.example:8443/services/T0/s3cr3t?key=s3cr3t", false, WEBHOOK);
        assertThat(Urls.origin(url)).isEqualTo("https://good.example:8443");
        assertThat(Urls.withoutQuery(url)).isEqualTo("https://good.example:8443/services/T0/s3cr3t");
    }
}
