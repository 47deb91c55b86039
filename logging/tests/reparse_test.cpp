// Lines of random values, read back by the JSON readers of Python and Node.

#include "support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

namespace infra::logging {
namespace {

class anything {
public:
    explicit anything(std::uint64_t seed) : random_(seed) {}

    std::uint64_t number() { return random_() >> random_() % 64; }

    /// Text of all sorts: letters, what JSON and terminals mind, characters of every length, and bytes that are none.
    std::string text() {
        static constexpr std::string_view pieces[] = {
            "a",      "Z",          "\"",     "\\",           "/",      "\n",       "\r",
            "\t",     "\b",         "\x1b",   "\x7f",         "\0",     "\u00e9",   "\u0085",
            "\u20ac", "\U0001f600", "\u2028", "\u2029",       "\xff",   "\xc0",     "\xaf",
            "\x80",   "\xe4\xb8",   "\xe9",   "\xed\xa0\x80", "</",     "${jndi:}", "\xf4\x90",
            "%s",     "{}",         "\ufffe", "\xfe",         "\u202e", "'",        "\x1f",
            "=",
        };
        std::string made;
        for (auto left = random_() % 12; left > 0; --left) {
            const auto& piece = pieces[random_() % std::size(pieces)];
            made += piece.empty() ? std::string_view("\0", 1) : piece;
        }
        return made;
    }

    double real() {
        switch (random_() % 4) {
        case 0: return std::bit_cast<double>(random_()); // NaN and infinity among them
        case 1: return static_cast<double>(static_cast<std::int64_t>(number())) / 1000;
        case 2: return static_cast<double>(random_() % 100);
        default: return random_() % 2 ? 0.0 : std::numeric_limits<double>::denorm_min();
        }
    }

private:
    std::mt19937_64 random_;
};

std::string hex(std::string_view bytes) { return encoding::hex_encode(bytes); }

std::string bits_of(double value) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx",
                  static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(value)));
    return std::isfinite(value) ? text.data() : "none";
}

struct written_lines {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("reparse_" + uuid_v7());
    int count = std::getenv("INFRA_TEST_LONG") ? 200'000 : 5'000;

    written_lines() {
        pipeline out({.outputs = {{.to = file_sink({.path = path}), .as = format::json}}, .longest_wait = 60s});
        const logger speaks({.module = "fuzz", .to = &out});
        anything any(7);
        for (int i = 0; i < count; ++i)
            write(speaks, any);
        EXPECT_TRUE(out.flush(deadline::after(30s)));
    }
    ~written_lines() { std::filesystem::remove(path); }

    /// What `program` counts, or what it says instead.
    std::string counted_by(const std::string& program) const {
        const std::string script =
            INFRA_LOGGING_TESTS + std::string(program == "node" ? "/reparse.mjs" : "/reparse.py");
        const auto command = program + " '" + script + "' ";
        auto* const output = ::popen((command + "'" + path.string() + "' 2>&1").c_str(), "r");
        std::string said;
        for (std::array<char, 4096> part; const auto n = std::fread(part.data(), 1, part.size(), output);)
            said.append(part.data(), n);
        ::pclose(output);
        return said;
    }

private:
    static void write(const logger& to, anything& any) {
        static constexpr std::string_view taken[] = {"timestamp", "level", "trace_id", "trace_id_", "request_id"};
        const auto text = any.text(), key = "k" + any.text(); // a name of its own, however the rest of it reads
        const auto twice = std::string(taken[any.number() % std::size(taken)]);
        const auto integer = static_cast<std::int64_t>(any.number());
        const auto natural = any.number();
        const auto real = any.real();
        to.info(text, {{twice, 1},
                       {key, "is written once more below"},
                       {"text", text},
                       {"text_hex", hex(encoding::to_utf8(text))},
                       {"integer", integer},
                       {"integer_text", std::to_string(integer)},
                       {"natural", natural},
                       {"natural_text", std::to_string(natural)},
                       {"real", real},
                       {"real_bits", bits_of(real)},
                       {key, json::value{{"nested", json::array{encoding::to_utf8(text), nullptr, real < 0}}}},
                       {twice + "_", 2},
                       {"key_hex", hex(encoding::to_utf8(key))}});
    }
};

TEST(LogLines, AreReadByPython) {
    const written_lines lines;
    EXPECT_EQ(lines.counted_by("python3"), std::to_string(lines.count) + "\n");
}

TEST(LogLines, AreReadByNode) {
    if (std::system("node --version >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "node is not installed";
    const written_lines lines;
    EXPECT_EQ(lines.counted_by("node"), std::to_string(lines.count) + "\n");
}

} // namespace
} // namespace infra::logging
