#include "seeds.hpp"

namespace infra::dashboard::service {

const std::vector<std::string>& hostile_texts() {
    static const std::vector<std::string> texts{
        "<script>window.pwned=1</script>",
        "<img src=x onerror=\"window.pwned=2\">",
        "\"><svg/onload=window.pwned=3>",
        "'><iframe srcdoc=\"<script>parent.pwned=4</script>\"></iframe>",
        "javascript:window.pwned=5",
        "</title></style></textarea></script><script>window.pwned=6</script>",
        "{{constructor.constructor('window.pwned=7')()}} ${window.pwned=8}",
        "<a href=\"javascript:window.pwned=9\">press</a>",
        "<math><mtext></p><mglyph><style><!--</style><img title=\"--><img src onerror=window.pwned=10>\">",
        "\xe2\x80\xae"
        "txt.exe\xe2\x80\xac \xf0\x9f\x94\xa5 \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 <b>bold</b>",
        "&lt;script&gt;window.pwned=11&lt;/script&gt; &#60;b&#62;",
        "#/settings?x=<script>window.pwned=12</script>",
        "data:text/html,<script>window.pwned=13</script>",
        "__proto__",
        "constructor",
        "%3Cscript%3Ewindow.pwned=14%3C/script%3E",
    };
    return texts;
}

std::string word(const wishes& w, std::size_t i, std::string friendly) {
    return w.hostile ? hostile_texts()[i % hostile_texts().size()] : std::move(friendly);
}

} // namespace infra::dashboard::service
