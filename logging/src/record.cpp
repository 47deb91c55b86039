#include "record.hpp"

#include <infra/base/encoding.hpp>

namespace infra::logging::detail {
namespace {

class reader {
public:
    explicit reader(const char* at) noexcept : at_(at) {}

    template <class T>
    T get() noexcept {
        T value;
        std::memcpy(&value, at_, sizeof value);
        at_ += sizeof value;
        return value;
    }
    std::string_view bytes(std::size_t size) noexcept {
        const std::string_view found(at_, size);
        at_ += size;
        return found;
    }
    std::string_view text() noexcept { return bytes(get<std::uint32_t>()); }

    field_value value(field_value::kind k) noexcept {
        using kind = field_value::kind;
        switch (k) {
        case kind::boolean: return get<std::uint64_t>() != 0;
        case kind::signed_integer: return get<std::int64_t>();
        case kind::unsigned_integer: return get<std::uint64_t>();
        case kind::floating: return get<double>();
        case kind::duration: return std::chrono::duration<double, std::milli>(get<double>());
        case kind::time: return wall_time(std::chrono::nanoseconds(get<std::int64_t>()));
        case kind::text: return text_ = text();
        default: return nullptr;
        }
    }
    line_field field() noexcept {
        constexpr std::uint32_t size_bits = (1U << wire::kind_shift) - 1;
        const auto word = get<std::uint32_t>();
        const auto key = bytes(word & size_bits);
        const auto kind = static_cast<field_value::kind>((word & ~wire::json_bit) >> wire::kind_shift);
        return {key, value(kind), (word & wire::json_bit) != 0};
    }

private:
    const char* at_;
    std::string_view text_; // a member, since the compiler takes a view for the text and warns of a local one
};

bool is_utf8(std::string_view key) noexcept {
    unsigned char all = 0;
    for (const char c : key)
        all |= static_cast<unsigned char>(c);
    return all < 0x80 || encoding::is_utf8(key);
}

} // namespace

record_head head_of(const char* bytes) noexcept { return reader(bytes).get<record_head>(); }

void write_pointer(char* at, const char* to) noexcept {
    auto head = head_of(to);
    head.size = pointer_record_size;
    head.parts = is_elsewhere;
    wire::put(wire::put(at, head), to);
}

const char* resolve(const char* bytes) noexcept {
    if (!(head_of(bytes).parts & is_elsewhere))
        return bytes;
    const char* to = nullptr;
    std::memcpy(&to, bytes + sizeof(record_head), sizeof to);
    return to;
}

std::size_t free_elsewhere(const char* bytes) noexcept {
    const char* const there = resolve(bytes);
    if (there == bytes)
        return 0;
    const auto size = head_of(there).size;
    delete[] there;
    return size;
}

void read_record(const char* bytes, record& into) {
    reader from(bytes);
    into.head = from.get<record_head>();
    into.span = into.head.parts & has_span ? from.get<span_context>() : span_context{};
    into.module = into.head.parts & has_module ? from.text() : std::string_view();
    if (into.head.logger)
        into.module = into.head.logger->module;
    into.request_id = into.head.parts & has_request_id ? from.text() : std::string_view();
    into.message = from.text();
    into.fields.clear();
    if (!into.repaired_keys.empty())
        into.repaired_keys.clear();
    for (auto count = std::min<std::size_t>(into.head.field_count, max_fields); count > 0; --count)
        into.fields.push_back(from.field());
    for (auto& f : into.fields)
        if (!is_utf8(f.key))
            f.key = into.repaired_keys.emplace_back(encoding::to_utf8(f.key));
}

} // namespace infra::logging::detail
