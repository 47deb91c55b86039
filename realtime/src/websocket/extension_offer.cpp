#include "extension_offer.hpp"

#include <vector>

namespace infra::realtime::websocket {
namespace {

struct parameter {
    std::string_view name;
    std::optional<std::string> value{};
};

struct extension {
    std::string_view name;
    std::vector<parameter> parameters{};
};

bool is_token_char(char c) noexcept {
    constexpr std::string_view separators = "()<>@,;:\\\"/[]?={} \t";
    return c > ' ' && c < 127 && separators.find(c) == std::string_view::npos;
}

/// Of RFC 6455, 9.1. What it reads is none of these as soon as `failed`.
class offer_reader {
public:
    explicit offer_reader(std::string_view text) noexcept : left_(text) {}

    std::vector<extension> read_all() {
        std::vector<extension> all;
        do {
            skip_spaces();
            if (left_.empty() || left_.front() == ',') // lists may have empty elements (RFC 7230, 7)
                continue;
            extension e{.name = token()};
            while (take(';'))
                e.parameters.push_back(read_parameter());
            all.push_back(std::move(e));
        } while (!failed_ && take(','));
        if (failed_ || !left_.empty())
            all.clear();
        return all;
    }

private:
    parameter read_parameter() {
        parameter p{.name = token()};
        if (take('='))
            p.value = value();
        return p;
    }

    std::string value() {
        skip_spaces();
        if (left_.empty() || left_.front() != '"')
            return std::string(token());
        left_.remove_prefix(1);
        std::string text;
        while (!left_.empty() && left_.front() != '"') {
            if (left_.front() == '\\')
                left_.remove_prefix(1);
            if (left_.empty() || !is_token_char(left_.front()))
                break;
            text += left_.front();
            left_.remove_prefix(1);
        }
        failed_ |= !take('"') || text.empty();
        return text;
    }

    std::string_view token() noexcept {
        skip_spaces();
        std::size_t size = 0;
        while (size < left_.size() && is_token_char(left_[size]))
            ++size;
        const auto taken = left_.substr(0, size);
        left_.remove_prefix(size);
        skip_spaces();
        failed_ |= taken.empty();
        return taken;
    }

    bool take(char c) noexcept {
        if (failed_ || left_.empty() || left_.front() != c)
            return false;
        left_.remove_prefix(1);
        skip_spaces();
        return true;
    }

    void skip_spaces() noexcept {
        while (!left_.empty() && (left_.front() == ' ' || left_.front() == '\t'))
            left_.remove_prefix(1);
    }

    std::string_view left_;
    bool failed_ = false;
};

/// 8 to 15, in decimal without zeros in front.
std::optional<unsigned> window_bits_in(const std::string& text) noexcept {
    if (text == "8" || text == "9")
        return static_cast<unsigned>(text[0] - '0');
    if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5')
        return static_cast<unsigned>(10 + (text[1] - '0'));
    return std::nullopt;
}

/// Nothing where the RFC has a server decline: what is unknown, of a wrong value, or said twice.
std::optional<deflate_terms> accept(const extension& offer) {
    deflate_terms terms;
    for (std::size_t i = 0; i < offer.parameters.size(); ++i) {
        const auto& [name, value] = offer.parameters[i];
        for (std::size_t before = 0; before < i; ++before)
            if (offer.parameters[before].name == name)
                return std::nullopt;
        if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
            if (value)
                return std::nullopt;
        } else if (name == "server_max_window_bits") {
            terms.server_max_window_bits = value ? window_bits_in(*value) : std::nullopt;
            if (!terms.server_max_window_bits)
                return std::nullopt;
        } else if (name == "client_max_window_bits") {
            if (value && !window_bits_in(*value))
                return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return terms;
}

} // namespace

std::string deflate_terms::to_text() const {
    std::string text = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    if (server_max_window_bits)
        text += "; server_max_window_bits=" + std::to_string(*server_max_window_bits);
    return text;
}

std::optional<deflate_terms> accept_deflate(std::string_view offers) {
    for (const auto& offer : offer_reader(offers).read_all())
        if (offer.name == "permessage-deflate")
            if (const auto terms = accept(offer))
                return terms;
    return std::nullopt;
}

} // namespace infra::realtime::websocket
