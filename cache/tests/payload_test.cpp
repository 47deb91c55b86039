#include "support.hpp"

namespace infra::cache::tests {
namespace {

template <class T>
boost::system::error_code code_of_reading(std::string bytes) {
    try {
        from_payload<T>({std::move(bytes)});
        return {};
    } catch (const error& e) {
        return e.code();
    }
}

TEST(CachePayload, OfDescribedTypesIsTheirJson) {
    EXPECT_EQ(to_payload(user{"John", 7}).bytes, R"({"name":"John","age":7})");
    EXPECT_EQ(to_payload(42).bytes, "42");
    EXPECT_EQ(to_payload(std::vector{1, 2}).bytes, "[1,2]");
    EXPECT_EQ(to_payload("text").bytes, "\"text\"");
    EXPECT_EQ(to_payload(nullptr).bytes, "null");
}

TEST(CachePayload, OfTextIsWhatAnyJsonReaderReads) {
    for (const std::string each :
         {"", "plain", "\"quoted\"", "back\\slash", "line\nbreak", "\xC3\xA9t\xC3\xA9", "\x7F"}) {
        const auto stored = to_payload(each);
        EXPECT_FALSE(stored.raw);
        EXPECT_EQ(json::parse<std::string>(stored.bytes).value(), each);
        EXPECT_EQ(from_payload<std::string>(stored), each);
    }
}

TEST(CachePayload, LosesNoByteOfTextThatIsNotUtf8) {
    const std::string odd = "\xFF\x00\xC1 odd";
    const auto stored = to_payload(odd);
    EXPECT_TRUE(stored.raw);
    EXPECT_EQ(from_payload<std::string>(stored), odd);
}

TEST(CachePayload, KeepsBytes) {
    const byte_vector bytes{std::byte{0}, std::byte{255}, std::byte{'"'}};
    EXPECT_EQ(from_payload<byte_vector>(to_payload(bytes)), bytes);
    EXPECT_EQ(from_payload<byte_vector>(to_payload(byte_vector{})), byte_vector{});
    EXPECT_EQ(code_of_reading<byte_vector>("\"text\""), errc::wrong_type);
}

TEST(CachePayload, ReadsTextThatIsNoJsonAsAString) {
    EXPECT_EQ(from_payload<std::string>({"hello there"}), "hello there");
    EXPECT_EQ(from_payload<std::string>({""}), "");
    EXPECT_EQ(from_payload<std::string>({"\"unfinished"}), "\"unfinished");
    EXPECT_EQ(from_payload<json::value>({"hello there"}), json::value("hello there"));
    EXPECT_EQ(code_of_reading<int>("hello there"), errc::wrong_type);
    EXPECT_EQ(code_of_reading<user>(""), errc::wrong_type);
}

TEST(CachePayload, ThatDoesNotFitIsAnErrorNotAMiss) {
    EXPECT_EQ(code_of_reading<int>("\"1\""), errc::wrong_type);
    EXPECT_EQ(code_of_reading<std::string>("1"), errc::wrong_type);
    EXPECT_EQ(code_of_reading<std::string>("null"), errc::wrong_type);
    EXPECT_EQ(code_of_reading<user>("null"), errc::wrong_type);
    EXPECT_EQ(code_of_reading<json::value>(std::string("\xFF")), errc::wrong_type);
    try {
        from_payload<std::vector<user>>({R"([{"name":"a"},{"name":5}])"});
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_STREQ(e.what(),
                     "the cached value is not of the type asked for: /1/name: expected a string, got a number; "
                     "ask for what was stored, or erase it");
    }
}

TEST(CachePayload, NullIsAValueForThoseWhoKnowIt) {
    EXPECT_EQ(from_payload<std::optional<user>>({"null"}), std::nullopt);
    EXPECT_TRUE(from_payload<json::value>({"null"}).is_null());
}

TEST(CachePayload, OfAnyDepthDoesNotExhaustTheStack) {
    EXPECT_EQ(code_of_reading<std::vector<int>>(std::string(1'000'000, '[')), errc::wrong_type);
}

// The fast way through a plain string looks at eight bytes at a time; every odd one at every place has to be seen.
TEST(CachePayload, TextComesBackWhateverIsWhereInIt) {
    for (const std::string odd :
         {"\"", "\\", "\n", "\x1f", "\x7f", " ", "!", "\xC3\xA9", "\xE2\x82\xAC", "]", "[", "#"})
        for (std::size_t size = 0; size < 40; ++size)
            for (std::size_t at = 0; at <= size; ++at) {
                auto text = std::string(size, 'v');
                text.insert(at, odd);
                ASSERT_EQ(from_payload<std::string>(to_payload(text)), text) << size << " " << at;
                // As another program may have written it, with the odd one unescaped.
                const payload bare{"\"" + text + "\""};
                if (odd == "\"" || odd == "\\" || static_cast<unsigned char>(odd[0]) < 0x20)
                    continue;
                ASSERT_EQ(from_payload<std::string>(bare), text);
            }
}

} // namespace
} // namespace infra::cache::tests
