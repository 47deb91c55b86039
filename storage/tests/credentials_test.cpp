#include "src/credentials_file.hpp"

#include <infra/base/error.hpp>
#include <infra/storage/credentials.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace infra::storage {
namespace {

class temporary_file {
public:
    explicit temporary_file(const std::string& text) {
        std::string name = std::filesystem::temp_directory_path() / "infra-credentials-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        std::ofstream(path()) << text;
    }
    ~temporary_file() { std::filesystem::remove_all(folder_); }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    std::string path() const { return folder_ / "credentials"; }
    std::string folder() const { return folder_; }

private:
    std::filesystem::path folder_;
};

credentials from(environment::variables values) { return credentials_from(environment(std::move(values))); }

/// What is thrown for want of credentials, as code and sentence.
template <class F>
std::string sentence_of(F call, boost::system::error_code code = infra::errc::misconfigured) {
    try {
        call();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), code);
        return e.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return "";
}

const std::string file_text = "; of two\n"
                              "# with comments\r\n"
                              "aws_access_key_id = OUTSIDE\n"
                              "\n"
                              "[default]\r\n"
                              "aws_access_key_id=AKID\r\n"
                              "  AWS_Secret_Access_Key =  a+b/c=d  \r\n"
                              "#aws_session_token = no\n"
                              "region = eu-central-1\n"
                              "[ profile  other ] ; more\n"
                              "aws_access_key_id = OTHER\n"
                              "aws_secret_access_key = first\n"
                              "aws_session_token = token\n"
                              "nonsense\n"
                              "aws_secret_access_key = last\n"
                              "[half]\n"
                              "aws_access_key_id = HALF\n"
                              "aws_secret_access_key =\n";

TEST(Credentials, ComeFromTheOwnVariablesFirst) {
    const auto found = from({{"S3_ACCESS_KEY_ID", "mine"},
                             {"S3_SECRET_ACCESS_KEY", "secret"},
                             {"AWS_ACCESS_KEY_ID", "theirs"},
                             {"AWS_SECRET_ACCESS_KEY", "other"},
                             {"AWS_SESSION_TOKEN", "of theirs"}});
    EXPECT_EQ(found.access_key_id, "mine");
    EXPECT_EQ(found.secret_access_key, "secret");
    EXPECT_EQ(found.session_token, "");
    EXPECT_FALSE(found.expires);
}

TEST(Credentials, ComeFromAwsVariablesOtherwise) {
    const auto found = from({{"AWS_ACCESS_KEY_ID", "theirs"},
                             {"AWS_SECRET_ACCESS_KEY", "other"},
                             {"AWS_SESSION_TOKEN", "token"},
                             {"AWS_PROFILE", "not asked"}});
    EXPECT_EQ(found.access_key_id, "theirs");
    EXPECT_EQ(found.session_token, "token");
}

TEST(Credentials, HalfAPairIsNamedAndNotPassedOver) {
    const environment::variables whole{{"AWS_ACCESS_KEY_ID", "theirs"}, {"AWS_SECRET_ACCESS_KEY", "other"}};
    const struct {
        std::string set, named;
    } halves[] = {{"S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY is missing beside S3_ACCESS_KEY_ID"},
                  {"S3_SECRET_ACCESS_KEY", "S3_ACCESS_KEY_ID is missing beside S3_SECRET_ACCESS_KEY"},
                  {"S3_SESSION_TOKEN", "S3_ACCESS_KEY_ID is missing beside S3_SESSION_TOKEN"}};
    for (const auto& half : halves) {
        auto values = whole;
        values[half.set] = "geheim";
        const auto sentence = sentence_of([&] { from(values); });
        EXPECT_NE(sentence.find(half.named), std::string::npos) << sentence;
        EXPECT_EQ(sentence.find("geheim"), std::string::npos) << sentence;
    }
}

TEST(Credentials, ComeFromAFileInTheEnd) {
    const temporary_file file(file_text);
    const auto found = from({{"AWS_SHARED_CREDENTIALS_FILE", file.path()}});
    EXPECT_EQ(found.access_key_id, "AKID");
    EXPECT_EQ(found.secret_access_key, "a+b/c=d");
    EXPECT_EQ(found.session_token, "");
    const auto other = from({{"AWS_SHARED_CREDENTIALS_FILE", file.path()}, {"AWS_PROFILE", "other"}});
    EXPECT_EQ(other.access_key_id, "OTHER");
    EXPECT_EQ(other.secret_access_key, "last");
    EXPECT_EQ(other.session_token, "token");
}

TEST(Credentials, LieInTheHomeDirectory) {
    const temporary_file home("");
    std::filesystem::create_directory(home.folder() + "/.aws");
    std::ofstream(home.folder() + "/.aws/credentials") << file_text;
    EXPECT_EQ(from({{"HOME", home.folder()}}).access_key_id, "AKID");
}

TEST(Credentials, SayWhatIsMissing) {
    const temporary_file file(file_text);
    const auto nothing = sentence_of([] { from({}); });
    EXPECT_NE(nothing.find("S3_ACCESS_KEY_ID"), std::string::npos) << nothing;
    EXPECT_EQ(sentence_of([&] { from({{"HOME", file.folder()}}); }), nothing);
    const auto section = sentence_of([&] { credentials_from_file(file.path(), "nobody"); });
    EXPECT_NE(section.find("no section [nobody]"), std::string::npos) << section;
    const auto half = sentence_of([&] { credentials_from_file(file.path(), "half"); });
    EXPECT_NE(half.find("no aws_secret_access_key"), std::string::npos) << half;
    EXPECT_EQ(half.find("HALF"), std::string::npos) << half;
}

TEST(Credentials, AFileThatCannotBeReadIsAnErrorOfTheDisk) {
    const temporary_file file(std::string(1024 * 1024 + 1, '#'));
    const auto read = [](const std::string& path) { return [path] { credentials_from_file(path); }; };
    EXPECT_NE(sentence_of(read("/nowhere/credentials"), infra::errc::io).find("/nowhere/credentials"),
              std::string::npos);
    EXPECT_NE(sentence_of(read(file.folder()), infra::errc::io).find("cannot read"), std::string::npos);
    EXPECT_NE(sentence_of(read(file.path()), infra::errc::io).find("larger"), std::string::npos);
    sentence_of([] { from({{"AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"}}); }, infra::errc::io);
    sentence_of([] { from({{"HOME", "/nowhere"}, {"AWS_PROFILE", "default"}}); }, infra::errc::io);
}

TEST(Credentials, ReadAFileWithAMarkOfUtf8) {
    EXPECT_EQ(read_profile("\xef\xbb\xbf[a]\nb=c", "a").value().at("b"), "c");
    EXPECT_EQ(read_profile("", "a"), std::nullopt);
    EXPECT_EQ(read_profile("[a", "a").value().size(), 0u);
}

} // namespace
} // namespace infra::storage
