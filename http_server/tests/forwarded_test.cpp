#include "src/forwarded.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::http::detail {
namespace {

TEST(Networks, ContainTheirAddresses) {
    const networks trusted({"10.0.0.0/8", "192.168.1.7", "2001:db8::/33", "::1"});
    for (const auto* inside : {"10.0.0.0", "10.255.1.2", "192.168.1.7", "2001:db8:7fff::1", "::1", "::ffff:10.1.1.1"})
        EXPECT_TRUE(trusted.contains(ip::make_address(inside))) << inside;
    for (const auto* outside : {"11.0.0.0", "192.168.1.8", "2001:db8:8000::1", "::2", "::ffff:11.1.1.1"})
        EXPECT_FALSE(trusted.contains(ip::make_address(outside))) << outside;
    EXPECT_TRUE(networks({"0.0.0.0/0"}).contains(ip::make_address("203.0.113.9")));
    EXPECT_FALSE(networks({"0.0.0.0/0"}).contains(ip::make_address("2001:db8::1")));
}

TEST(Networks, RefuseWhatIsNone) {
    for (const auto* bad :
         {"", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/8x", "shop.example", "10.0.0.0/-1"}) {
        try {
            networks({bad});
            ADD_FAILURE() << bad;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(std::string(e.what()), "http::server_options::trusted_proxies: '" + std::string(bad) +
                                                 "' is not an address or a network such as 10.0.0.0/8");
        }
    }
}

TEST(Forwarded, ClientIsTheLastWhoIsNotTrusted) {
    struct {
        const char* peer;
        const char* header;
        const char* client;
    } const cases[] = {
        {"10.0.0.1", "203.0.113.9", "203.0.113.9"},
        {"10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"},           // the first entry is the client's own claim
        {"10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"}, // two proxies
        {"10.0.0.1", "203.0.113.9:4711", "203.0.113.9"},
        {"10.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"},
        {"10.0.0.1", "2001:db8::5", "2001:db8::5"},
        {"10.0.0.1", "unknown", "10.0.0.1"},
        {"10.0.0.1", "203.0.113.9, junk", "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", " , ", "10.0.0.1"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
        {"203.0.113.50", "198.51.100.1", "203.0.113.50"}, // nobody we trust has written that
    };
    const networks trusted({"10.0.0.0/8"});
    for (const auto& [peer, header, client] : cases)
        EXPECT_EQ(forwarded_client(ip::make_address(peer), header, trusted).to_string(), client) << header;
}

TEST(Forwarded, ReadsTheStandardsFieldFromTheRight) {
    struct {
        const char* peer;
        const char* field;
        const char* client;
        std::optional<bool> secure;
        std::optional<std::string> host;
    } const cases[] = {
        {"10.0.0.1", "for=203.0.113.9;proto=https;host=shop.example", "203.0.113.9", true, "shop.example"},
        {"10.0.0.1", R"(For="[2001:db8::5]:4711"; Proto=HTTP)", "2001:db8::5", false, std::nullopt},
        {"10.0.0.1", R"(for="203.0.113.9:80";host="a\"b;c,d")", "203.0.113.9", std::nullopt, R"(a"b;c,d)"},
        // The first entry is the client's own claim.
        {"10.0.0.1", "for=198.51.100.1;host=evil.example, for=203.0.113.9", "203.0.113.9", std::nullopt, std::nullopt},
        // Of two proxies the first has seen how the client came.
        {"10.0.0.1", "for=203.0.113.9;proto=https;host=shop.example, for=10.0.0.2;proto=http;host=inner", "203.0.113.9",
         true, "shop.example"},
        {"::1", "for=203.0.113.9", "203.0.113.9", std::nullopt, std::nullopt},
        {"10.0.0.1", "for=unknown;proto=https", "10.0.0.1", true, std::nullopt},
        {"10.0.0.1", "for=198.51.100.1, for=_hidden", "10.0.0.1", std::nullopt, std::nullopt},
        {"10.0.0.1", "for=203.0.113.9, junk", "10.0.0.1", std::nullopt, std::nullopt},
        // Quotes that the client leaves open hide nobody.
        {"10.0.0.1", R"(for=", for=203.0.113.9)", "203.0.113.9", std::nullopt, std::nullopt},
        {"10.0.0.1", R"(for="\, for="203.0.113.9:80";host="a,\"b")", "203.0.113.9", std::nullopt, R"(a,"b)"},
        {"10.0.0.1", R"(for="203.0.113.9, for=10.0.0.2)", "10.0.0.2", std::nullopt, std::nullopt},
        {"10.0.0.1", R"(for=203.0.113.9, for="10.0.0.2)", "10.0.0.1", std::nullopt, std::nullopt},
        {"10.0.0.1", "", "10.0.0.1", std::nullopt, std::nullopt},
        {"203.0.113.50", "for=198.51.100.1;host=evil.example", "203.0.113.50", std::nullopt, std::nullopt},
    };
    const networks trusted({"10.0.0.0/8", "::1"});
    for (const auto& [peer, field, client, secure, host] : cases) {
        const auto origin = origin_in_forwarded(ip::make_address(peer), field, trusted);
        EXPECT_EQ(origin.client.to_string(), client) << field;
        EXPECT_EQ(origin.secure, secure) << field;
        EXPECT_EQ(origin.host, host) << field;
    }
}

TEST(Forwarded, LastEntryIsOurProxys) {
    EXPECT_EQ(last_entry("http, https"), "https");
    EXPECT_EQ(last_entry("https"), "https");
    EXPECT_EQ(last_entry(""), "");
}

} // namespace
} // namespace infra::http::detail
