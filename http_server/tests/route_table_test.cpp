#include "src/route_table.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::http::detail {
namespace {

struct filled_table : route_table {
    filled_table(std::initializer_list<std::pair<method, const char*>> routes) {
        for (const auto& [m, pattern] : routes)
            add({.method = m, .pattern = pattern, .handler = {.plain = [](request&) { return response(); }}});
    }
};

// "pattern value|value", or "-" and the methods allowed.
std::string find(const route_table& table, method m, std::string_view raw, std::string_view decoded) {
    const auto found = table.find(m, raw, decoded);
    if (!found.route)
        return found.allowed.empty() ? "-" : "- " + found.allowed.to_allow();
    auto text = found.route->pattern;
    for (std::size_t i = 0; i < found.values.size(); ++i)
        text.append(i == 0 ? " " : "|").append(found.values[i]);
    return text;
}
std::string find(const route_table& table, method m, std::string_view path) { return find(table, m, path, path); }

TEST(RouteTable, MatchesByPrecedence) {
    const filled_table table({{method::get, "/"},
                              {method::get, "/users"},
                              {method::get, "/users/"},
                              {method::get, "/users/me"},
                              {method::get, "/users/{id}"},
                              {method::get, "/users/{id}/posts/{post}"},
                              {method::get, "/users/me/posts"},
                              {method::get, "/files/{rest...}"},
                              {method::get, "/files/{name}"},
                              {method::get, "/files/special"}});
    const std::pair<const char*, const char*> cases[] = {
        {"/", "/"},
        {"/users", "/users"},
        {"/users/", "/users/"},
        {"/users/me", "/users/me"},
        {"/users/7", "/users/{id} 7"},
        {"/users/me/posts", "/users/me/posts"},
        {"/users/me/posts/3", "/users/{id}/posts/{post} me|3"}, // back from the literal, to the variable
        {"/users/7/posts/3", "/users/{id}/posts/{post} 7|3"},
        {"/users/7/posts/", "-"}, // a variable is not empty
        {"/users/7/", "-"},
        {"/files/special", "/files/special"},
        {"/files/a", "/files/{name} a"},
        {"/files/a/b", "/files/{rest...} a/b"},
        {"/files/", "/files/{rest...} "},
        {"/files", "-"},
        {"//", "-"},
        {"/nothing", "-"},
        {"", "-"},
        {"*", "-"},
    };
    for (const auto& [path, expected] : cases)
        EXPECT_EQ(find(table, method::get, path), expected) << path;
}

TEST(RouteTable, MethodsChooseAmongPatterns) {
    const filled_table table({{method::get, "/users/me"}, {method::delete_, "/users/{id}"}, {method::post, "/users"}});
    EXPECT_EQ(find(table, method::delete_, "/users/me"), "/users/{id} me");
    EXPECT_EQ(find(table, method::head, "/users/me"), "/users/me");
    EXPECT_EQ(find(table, method::put, "/users/me"), "- GET, HEAD, DELETE, OPTIONS");
    EXPECT_EQ(find(table, method::put, "/users/7"), "- DELETE, OPTIONS");
    EXPECT_EQ(find(table, method::head, "/users"), "- POST, OPTIONS");
    EXPECT_EQ(find(table, method::other, "/users"), "- POST, OPTIONS");
}

TEST(RouteTable, VariablesOfOnePlaceMayHaveOtherNames) {
    const filled_table table({{method::get, "/a/{x}"}, {method::put, "/a/{y}"}});
    EXPECT_EQ(find(table, method::get, "/a/1"), "/a/{x} 1");
    EXPECT_EQ(find(table, method::put, "/a/1"), "/a/{y} 1");
}

TEST(RouteTable, AnEncodedSlashSeparatesNothing) {
    const filled_table table({{method::get, "/k/{key}"}, {method::get, "/k/{key}/meta"}, {method::get, "/a b"}});
    EXPECT_EQ(find(table, method::get, "/k/a%2Fb", "/k/a/b"), "/k/{key} a/b");
    EXPECT_EQ(find(table, method::get, "/k/a%2Fb/meta", "/k/a/b/meta"), "/k/{key}/meta a/b");
    EXPECT_EQ(find(table, method::get, "/a%20b", "/a b"), "/a b");
    EXPECT_EQ(find(table, method::get, "/%6b/x", "/k/x"), "/k/{key} x");
}

TEST(RouteTable, RefusesPatternsItCannotMean) {
    for (const auto* bad : {"", "users", "/a{b}", "/{a}b", "/{}", "/{a-b}", "/{a...}/b", "/{a}/{a}", "/a}", "/{a"})
        EXPECT_THROW(filled_table({{method::get, bad}}), std::invalid_argument) << bad;
}

TEST(RouteTable, RefusesTheSameTwice) {
    try {
        filled_table({{method::get, "/a/{x}"}, {method::get, "/a/{y}"}});
        FAIL();
    } catch (const std::invalid_argument& e) {
        EXPECT_STREQ(e.what(), "http::router: the pattern '/a/{y}' is routed for GET already, as '/a/{x}'");
    }
}

TEST(RouteTable, IsClosedOnceAServerHasIt) {
    route_table table;
    table.freeze();
    EXPECT_THROW(table.add({.pattern = "/"}), std::logic_error);
}

} // namespace
} // namespace infra::http::detail
