// libFuzzer's way into templates: `email_template_fuzz -dict=email/tests/template.dict [-max_total_time=60] [corpus folder]`.
// Its first byte says how much of the input is a value; what follows is a template. Whatever they are, nothing but an error that
// names its reason may come of it, and the value decides neither over an element nor over a line.

#include "tests/fuzz.hpp"

#include <infra/email/error.hpp>
#include <infra/email/template.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace {

namespace email = infra::email;
using email::require;

// The value is in everything that a section may be about without deciding whether it stands.
email::rendered_email rendered(const email::email_template& t, const std::string& value) {
    return email::render_template(t, {{"a", value},
                                      {"b", {{"c", value}}},
                                      {"list", {{{"a", value}}, value, 7, {value, value}}},
                                      {"yes", true},
                                      {"no", false}});
}

std::optional<email::email_template> parsed(const std::string& text) {
    try {
        return email::parse_template(text, "fuzzed");
    } catch (const infra::error& e) {
        const bool known = e.code() == email::errc::bad_template || e.code() == email::errc::too_large;
        require(known && std::string_view(e.what()).size() > 10, "an error says why", e.what());
        return std::nullopt;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string all(reinterpret_cast<const char*>(data), size);
    const auto length = all.empty() ? 0 : static_cast<unsigned char>(all[0]) % 32u;
    const auto value =
        "v" + all.substr(std::min<std::size_t>(1, size), length); // not empty: that would decide over sections
    const auto t = parsed(all.substr(std::min<std::size_t>(1 + length, size)));
    if (!t)
        return 0;
    const auto plain = rendered(*t, "v"), filled = rendered(*t, value);
    require(std::ranges::count(plain.html, '<') == std::ranges::count(filled.html, '<'), "a value makes no element",
            filled.html);
    require(std::ranges::count(plain.html, '"') == std::ranges::count(filled.html, '"'), "a value ends no attribute",
            filled.html);
    require(std::ranges::count(plain.text, '\n') == std::ranges::count(filled.text, '\n'), "a value makes no line",
            filled.text);
    require(std::ranges::count(plain.text, '\r') == std::ranges::count(filled.text, '\r'), "of any kind", filled.text);
    return 0;
}
