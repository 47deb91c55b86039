#pragma once

// What all signals share in OTLP/JSON: lowerCamelCase, 64-bit integers as text.

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>
#include <infra/otlp.hpp>

#include <boost/json/string.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace infra::otlp::detail {

/// An id of a trace or span.
template <std::size_t N>
boost::json::string hex_text(const std::array<char, N>& hex) {
    return boost::json::string(hex.data(), N);
}

boost::json::string nanoseconds(wall_time at);
json::value number(double n);

/// A list of KeyValue.
json::array attributes_of(const json::object& from);

/// `{"resource":…,"<scopes>":[{"scope":…,"<items>":[…]}]}`
json::object of_resource(const resource& of, std::string_view scopes, std::string_view items, json::array all);

/// `{"resource":…,"<scopes>":all}`
json::object of_scopes(const resource& of, std::string_view scopes, json::array all);

/// The number in a response's partialSuccess.`field`: what the collector did not take. 0 for anything that says no such
/// thing.
std::uint64_t rejected(std::string_view response, std::string_view field);

} // namespace infra::otlp::detail
