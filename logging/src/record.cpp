#include "record.hpp"

#include "plain_text.hpp"

#include <infra/base/encoding.hpp>

namespace infra::logging::detail {
namespace {

// Of bytes that may be anything: what is not there is read as nothing, and whole() tells.
class reader {
public:
    explicit reader(std::string_view bytes) noexcept : rest_(bytes) {}

    bool whole() const noexcept { return whole_; }
    bool at_end() const noexcept { return rest_.empty(); }

    template <class T>
    T get() noexcept {
        T value{};
        if (const auto found = bytes(sizeof value); whole_)
            std::memcpy(&value, found.data(), sizeof value);
        return value;
    }
    std::string_view bytes(std::size_t size) noexcept {
        whole_ = whole_ && size <= rest_.size();
        if (!whole_)
            return {};
        const auto found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }
    std::string_view text() noexcept { return bytes(get<std::uint32_t>()); }

    // Each in its place: a value that is made elsewhere, piece by piece, and copied at once is waited for.
    void field(line_field& into) noexcept {
        constexpr std::uint32_t size_bits = (1U << wire::kind_shift) - 1;
        const auto word = get<std::uint32_t>();
        const auto kind = static_cast<field_value::kind>((word & ~wire::json_bit) >> wire::kind_shift);
        into.key = bytes(word & size_bits);
        into.is_json = (word & wire::json_bit) != 0;
        whole_ = whole_ && (!into.is_json || kind == field_value::kind::text);
        value(kind, into.value);
    }
    void value(field_value::kind k, field_value& into) noexcept {
        using kind = field_value::kind;
        switch (k) {
        case kind::boolean: return void(into = get<std::uint64_t>() != 0);
        case kind::signed_integer: return void(into = get<std::int64_t>());
        case kind::unsigned_integer: return void(into = get<std::uint64_t>());
        case kind::floating: return void(into = get<double>());
        case kind::duration: return void(into = std::chrono::duration<double, std::milli>(get<double>()));
        case kind::time: return void(into = wall_time(std::chrono::nanoseconds(get<std::int64_t>())));
        case kind::text: return void(into = text());
        default: return void(into = nullptr);
        }
    }
    record_origin origin() noexcept {
        record_origin found{.logger = text(), .source = text()};
        found.source_line = get<std::uint32_t>();
        whole_ = whole_ && rest_.size() >= wire::number_size;
        return found;
    }

private:
    std::string_view rest_;
    bool whole_ = true;
};

bool is_utf8(std::string_view key) noexcept { return is_ascii(key) || encoding::is_utf8(key); }

// Everything but what the head's pointers point to.
bool read_parts(std::string_view bytes, record& into) {
    reader from(bytes);
    into.head = from.get<record_head>();
    const auto parts = into.head.parts;
    into.span = parts & has_span ? from.get<span_context>() : span_context{};
    into.module = parts & has_module ? from.text() : std::string_view();
    into.request_id = parts & has_request_id ? from.text() : std::string_view();
    into.message = from.text();
    if (!into.repaired_keys.empty())
        into.repaired_keys.clear();
    into.fields.resize(std::min<std::size_t>(into.head.field_count, max_fields));
    for (auto& each : into.fields)
        from.field(each);
    into.origin = parts & has_origin ? from.origin() : record_origin{};
    for (auto& f : into.fields)
        if (!is_utf8(f.key))
            f.key = into.repaired_keys.emplace_back(encoding::to_utf8(f.key));
    return from.whole();
}

} // namespace

record_head head_of(const char* bytes) noexcept {
    record_head head;
    std::memcpy(&head, bytes, sizeof head);
    return head;
}

void write_pointer(char* at, char* to) noexcept {
    auto head = head_of(to);
    head.size = pointer_record_size;
    head.parts = is_elsewhere;
    wire::put(wire::put(at, head), to);
}

char* resolve(char* bytes) noexcept {
    if (!(head_of(bytes).parts & is_elsewhere))
        return bytes;
    char* to = nullptr;
    std::memcpy(&to, bytes + sizeof(record_head), sizeof to);
    return to;
}

std::size_t free_elsewhere(char* bytes) noexcept {
    char* const there = resolve(bytes);
    if (there == bytes)
        return 0;
    const auto size = head_of(there).size;
    delete[] there;
    return size;
}

void read_record(const char* bytes, record& into) {
    read_parts({bytes, head_of(bytes).size}, into);
    if (into.head.logger)
        into.module = into.head.logger->module;
}

bool read_foreign_record(std::string_view bytes, record& into) {
    const bool whole = read_parts(bytes, into);
    into.head.logger = nullptr;
    into.head.where = {};
    return whole && into.head.severity <= level::error && into.head.parts & has_origin;
}

void set_number(char* bytes, std::uint64_t number) noexcept {
    wire::put(bytes + head_of(bytes).size - wire::number_size, number);
}

std::uint64_t number_of(std::string_view record) noexcept {
    std::uint64_t number = 0;
    std::memcpy(&number, record.data() + record.size() - sizeof number, sizeof number);
    return number;
}

std::string logger_text(std::string_view module, const rendered_fields& fields) {
    std::string text;
    const auto add = [&text](std::string_view part) {
        const auto size = static_cast<std::uint32_t>(part.size());
        text.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
    };
    add(module);
    for (const auto& each : fields.items()) {
        add(each.key);
        add(each.value);
    }
    return text;
}

std::optional<logger_read_back> read_logger(std::string_view text) {
    constexpr std::size_t most_fields = 1024; // of more, which no logger has, the first
    reader from(text);
    logger_read_back found{.module = from.text(), .fields = {}};
    for (std::size_t i = 0; i < most_fields && from.whole() && !from.at_end(); ++i) {
        const auto key = from.text();
        const auto value = from.text();
        if (from.whole())
            found.fields.add(key, std::string(value));
    }
    return from.whole() ? std::optional(std::move(found)) : std::nullopt;
}

} // namespace infra::logging::detail
