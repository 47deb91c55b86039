#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

/// `infra version --url` before a service whose answers the test says.
struct VersionOfRunning : verb_at<top_service> {
    VersionOfRunning() : verb_at("version", add_version) {}
};

TEST_F(VersionOfRunning, IsOfTheServiceWithWhatItKeeps) {
    shop.have_dashboard();
    shop.say("/infra/api/settings",
             R"({"items":[],"build":{"infra":"0.2.0","compiler":"Clang\u001b[2J","boost":"1.81","cores":"2"},"kept":[)"
             R"({"name":"logs","oldest":1700000000000,"entries":12000,"bytes":3145728,"most":8388608},)"
             R"({"name":"news","oldest":null,"entries":0,"bytes":0,"most":0}]})");
    ASSERT_EQ(run({}), 0) << err;
    EXPECT_TRUE(
        out.starts_with("service   shop 1.2\ninfra     0.2.0\ncompiler  Clang?[2J\nboost     1.81\ncores     2\n"
                        "\nKEEPS  BACK "))
        << out;
    EXPECT_NE(out.find("  12000    3.0 MiB  8.0 MiB\nnews"), std::string::npos) << out;
    ASSERT_EQ(run({"--json"}), 0) << err;
    const auto document = boost::json::parse(out);
    EXPECT_EQ(document.at("version"), "0.2.0");
    EXPECT_EQ(document.at("service_version"), "1.2");
    EXPECT_TRUE(document.at("host").is_null());
    EXPECT_EQ(document.at("kept").at(0).at("oldest"), "2023-11-14T22:13:20.000Z");
    shop.say("/infra/api/settings", R"({"build":[],"kept":[null]})");
    EXPECT_EQ(run({}), 0) << err;
    shop.say("/infra/api/session", "{}");
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("is --url that of the service?"), std::string::npos) << err;
}

TEST(Version, IsNotThatOfTheCommandWhereTheUrlIsEmpty) {
    std::ostringstream out, err;
    frame f(out, err);
    add_version(f);
    EXPECT_EQ(f.run({"version", "--url", ""}), 2);
    EXPECT_TRUE(err.str().starts_with("infra: --url: is given but empty")) << err.str();
    EXPECT_EQ(f.run({"version"}), 0);
}

TEST_F(VersionOfRunning, SaysWhatIsRefused) {
    EXPECT_EQ(run({"--timeout", "soon"}), 2);
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
}

} // namespace
} // namespace infra::cli
