#include "cell_text.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <locale.h>
#include <wchar.h>

namespace infra::cli {
namespace {

struct character {
    wchar_t code;
    std::size_t bytes;
};

// Of text that is UTF-8.
character first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t bytes = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
    unsigned code = bytes == 1 ? byte(0) : byte(0) & (0xffu >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i)
        code = code << 6 | (byte(i) & 0x3fu);
    return {static_cast<wchar_t>(code), bytes};
}

// Marks of direction, joiners, selectors of variants, tags: what takes no cell and leaves no trace, or another than we count.
bool is_unseen(wchar_t c) {
    constexpr std::array<std::pair<wchar_t, wchar_t>, 9> ranges{{{0xad, 0xad},
                                                                 {0x61c, 0x61c},
                                                                 {0x180b, 0x180e},
                                                                 {0x200b, 0x200f},
                                                                 {0x2028, 0x202e},
                                                                 {0x2060, 0x206f},
                                                                 {0xfe00, 0xfe0f},
                                                                 {0xfeff, 0xfeff},
                                                                 {0xe0000, 0xe0fff}}};
    return std::ranges::any_of(ranges, [&](const auto& r) { return c >= r.first && c <= r.second; });
}

/// The C library knows how wide characters are, in a locale that has them.
class with_unicode {
public:
    with_unicode() : before_(::uselocale(locale())) {}
    ~with_unicode() { ::uselocale(before_); }
    with_unicode(const with_unicode&) = delete;
    with_unicode& operator=(const with_unicode&) = delete;

    /// Negative for what cannot be printed.
    int width_of(wchar_t c) const { return ::wcwidth(c); }

private:
    static locale_t locale() {
        static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return made; // none leaves the locale as it is
    }
    locale_t before_;
};

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

} // namespace

std::string one_line(std::string_view text) {
    if (is_ascii(text))
        return std::string(text);
    const auto valid = encoding::to_utf8(text);
    const with_unicode unicode;
    std::string safe;
    for (std::string_view rest = valid; !rest.empty();) {
        const auto next = first_of(rest);
        if (next.code == 0 || is_unseen(next.code) || unicode.width_of(next.code) < 0)
            safe += '?';
        else
            safe += rest.substr(0, next.bytes);
        rest.remove_prefix(next.bytes);
    }
    return safe;
}

std::size_t cells_of(std::string_view safe) {
    if (is_ascii(safe))
        return safe.size();
    const with_unicode unicode;
    std::size_t cells = 0;
    while (!safe.empty()) {
        const auto next = first_of(safe);
        cells += static_cast<std::size_t>(std::max(0, unicode.width_of(next.code)));
        safe.remove_prefix(next.bytes);
    }
    return cells;
}

std::string fitted(std::string_view safe, std::size_t cells, aligned how) {
    const auto taken = cells_of(safe);
    if (taken <= cells) {
        const std::string blanks(cells - taken, ' ');
        return how == aligned::left ? std::string(safe) + blanks : blanks + std::string(safe);
    }
    if (cells == 0)
        return "";
    std::string cut;
    std::size_t used = 0;
    while (!safe.empty()) {
        const auto one = safe.substr(0, first_of(safe).bytes);
        if (used + cells_of(one) > cells - 1)
            break;
        used += cells_of(one);
        cut += one;
        safe.remove_prefix(one.size());
    }
    return cut + "…" + std::string(cells - 1 - used, ' '); // half of an ideograph is none
}

} // namespace infra::cli
