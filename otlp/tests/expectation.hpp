#pragma once

/// What OpenTelemetry's JavaScript sends, from the files that peers/otlp writes.

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace infra::otlp::detail {

inline json::value parsed(std::string_view text) { return boost::json::parse(text); }

/// 64-bit integers are text by the rules; JavaScript's exporter writes small ones as numbers, which receivers take, too.
/// And it has no number that is not a double, but writes whole ones without a fraction.
inline void spell_numbers_by_the_rules(json::value& value) {
    if (auto* array = value.if_array())
        for (auto& each : *array)
            spell_numbers_by_the_rules(each);
    if (auto* object = value.if_object())
        for (auto& each : *object) {
            if ((each.key() == "intValue" || each.key() == "count") && each.value().is_int64())
                each.value() = std::to_string(each.value().get_int64());
            if (each.key() == "asDouble")
                each.value() = each.value().to_number<double>();
            if (each.key() == "explicitBounds")
                for (auto& bound : each.value().as_array())
                    bound = bound.to_number<double>();
            if (each.key() == "bucketCounts")
                for (auto& count : each.value().as_array())
                    count = std::to_string(count.as_int64());
            spell_numbers_by_the_rules(each.value());
        }
}

inline json::value expectation(const std::string& file) {
    std::ifstream in(std::string(INFRA_OTLP_TESTS "/") + file);
    auto out = parsed(std::string(std::istreambuf_iterator<char>(in), {}));
    spell_numbers_by_the_rules(out);
    return out;
}

} // namespace infra::otlp::detail
