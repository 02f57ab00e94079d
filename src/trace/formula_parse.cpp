#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <optional>
#include <string_view>

#include "trace/formula_ast.hpp"

namespace saccade {

namespace {

constexpr std::array<std::string_view, 16> functions = {"tanh",      "sigmoid", "relu",         "exp",       "log",    "sqrt",
                                                        "gelu",      "abs",     "sin",          "cos",       "square", "floor",
                                                        "gelu_tanh", "silu",    "hard_sigmoid", "hard_swish"};
constexpr std::array<std::string_view, 2> functions_of_two = {"min", "max"};
constexpr std::array<std::string_view, 6> reductions = {"sum", "max", "min", "mean", "softmax", "argmax"};
constexpr std::array<std::string_view, 13> binary_ops = {"+", "-", "*", "/", "//", "%", "^", "<", ">", "<=", ">=", "==", "!="};
constexpr int deepest = 64;  // nesting beyond this is a mistake, and must not exhaust the stack

bool is_one_of(const auto& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// Recursive descent over the grammar of formula.hpp.
class Parser {
 public:
    explicit Parser(const std::string& text) : text_(text) {}

    Rule rule() {
        Rule rule;
        rule.result = word("a tensor name");
        expect('[');
        while (peek() != ']') {
            const std::string letter = word("an index letter");
            if (letter.size() != 1) fail("the left side takes plain letters as indices, not '" + letter + "'");
            if (std::find(rule.letters.begin(), rule.letters.end(), letter[0]) != rule.letters.end())
                fail("index letter '" + letter + "' stands twice on the left side");
            rule.letters.push_back(letter[0]);
            if (!accept(',')) break;
        }
        expect(']');
        expect('=');
        rule.expression = expression();
        skip_space();
        if (at_ != text_.size()) fail("nothing more was expected here");
        return rule;
    }

 private:
    FormulaPtr expression() { return chain(0); }

    /// Operands of one strength, joined from left to right.
    FormulaPtr chain(int level) {
        if (level > 2) return factor();
        FormulaPtr left = chain(level + 1);
        while (const auto op = accept_op(level)) left = binary(*op, left, chain(level + 1));
        return left;
    }

    FormulaPtr factor() {
        const Depth guard(*this);
        if (accept('-')) {
            FormulaNode node;
            node.kind = FormulaNode::Kind::negate;
            node.children = {factor()};
            return std::make_shared<FormulaNode>(std::move(node));
        }
        FormulaPtr base = primary();
        return accept('^') ? binary(BinaryOp::power, std::move(base), factor()) : base;
    }

    FormulaPtr primary() {
        const char c = peek();
        if (accept('(')) {
            FormulaPtr inner = expression();
            expect(')');
            return with_fallback(std::move(inner));
        }
        if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
        return with_fallback(named());
    }

    /// `a else b`
    FormulaPtr with_fallback(FormulaPtr first) {
        const std::size_t start = at_;
        if (std::isalpha(static_cast<unsigned char>(peek())) && word("else") == "else") {
            FormulaNode node;
            node.kind = FormulaNode::Kind::fallback;
            node.children = {std::move(first), factor()};
            return std::make_shared<FormulaNode>(std::move(node));
        }
        at_ = start;
        return first;
    }

    FormulaPtr named() {
        const std::string name = word("a number, a tensor or a function");
        if (peek() == '(') return call_or_reduction(name);
        FormulaNode node;
        if (peek() == '[') {
            node.kind = FormulaNode::Kind::ref;
            node.name = name;
            expect('[');
            while (peek() != ']') {
                node.indices.push_back(index_sum());
                if (!accept(',')) break;
            }
            expect(']');
        } else if (name.size() == 1) {
            node.kind = FormulaNode::Kind::letter;
            node.letter = name[0];
        } else if (name == "inf" || name == "pi") {
            node.number = name == "pi" ? std::numbers::pi : std::numeric_limits<double>::infinity();
        } else {
            expect('[');
        }
        return std::make_shared<FormulaNode>(std::move(node));
    }

    FormulaPtr call_or_reduction(const std::string& name) {
        FormulaNode node;
        const std::size_t bar = name.rfind('_');
        std::size_t count = 1;
        if (is_one_of(functions, name) || is_one_of(functions_of_two, name) || name == "where") {
            node.kind = FormulaNode::Kind::call;
            node.name = name;
            count = name == "where" ? 3 : is_one_of(functions, name) ? 1 : 2;
        } else if (bar != std::string::npos && bar + 2 == name.size() && is_one_of(reductions, name.substr(0, bar))) {
            node.kind = FormulaNode::Kind::reduce;
            node.name = name.substr(0, bar);
            node.letter = name.back();
        } else {
            fail("'" + name + "' is not a function");
        }
        expect('(');
        for (std::size_t i = 0; i < count; ++i) {
            if (i > 0) expect(',');
            node.children.push_back(expression());
        }
        expect(')');
        return std::make_shared<FormulaNode>(std::move(node));
    }

    IndexNode index_sum() {
        IndexNode left = index_product();
        for (;;) {
            const char op = peek();
            if (op != '+' && op != '-') return left;
            ++at_;
            left = index_binary(op, std::move(left), index_product());
        }
    }

    IndexNode index_product() {
        IndexNode left = index_factor();
        for (;;) {
            const char op = peek();
            if (op != '*' && op != '/' && op != '%') return left;
            at_ += text_.compare(at_, 2, "//") == 0 ? 2 : 1;
            left = index_binary(op, std::move(left), index_factor());
        }
    }

    IndexNode index_factor() {
        const Depth guard(*this);
        IndexNode node;
        const char c = peek();
        if (accept('-')) return index_binary('-', {}, index_factor());
        if (c == '(') {
            ++at_;
            node = index_sum();
            expect(')');
            return node;
        }
        if (std::isdigit(static_cast<unsigned char>(c))) {
            node.number = integer();
            return node;
        }
        const std::size_t start = at_;
        const std::string name = word("an index");
        if (name.size() == 1 && peek() != '[') {
            node.kind = IndexNode::Kind::letter;
            node.letter = name[0];
            return node;
        }
        at_ = start;
        node.kind = IndexNode::Kind::ref;
        node.ref = with_fallback(named());
        return node;
    }

    FormulaPtr number() {
        const char* begin = text_.c_str() + at_;
        char* end = nullptr;
        FormulaNode node;
        node.number = std::strtod(begin, &end);
        if (end == begin) fail("a number was expected");
        at_ += static_cast<std::size_t>(end - begin);
        return std::make_shared<FormulaNode>(std::move(node));
    }

    Index integer() {
        Index value = 0;
        while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
            value = value * 10 + (text_[at_++] - '0');
            if (value > 1'000'000'000) fail("the number is too large for an index");
        }
        return value;
    }

    std::string word(const std::string& wanted) {
        skip_space();
        const std::size_t start = at_;
        const auto part = [&](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; };
        if (at_ < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
            while (at_ < text_.size() && part(text_[at_])) ++at_;
        if (at_ == start) fail(wanted + " was expected");
        return text_.substr(start, at_ - start);
    }

    void skip_space() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    char peek() {
        skip_space();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool accept(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!accept(c)) fail(std::string("'") + c + "' was expected");
    }
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::bad_format, "rule '" + text_ + "', column " + std::to_string(at_ + 1) + ": " + what);
    }

    /// The operation of this strength that comes next, taken; the longest that fits, so that "<=" is not "<".
    std::optional<BinaryOp> accept_op(int level) {
        peek();
        std::optional<std::size_t> found;
        for (std::size_t i = 0; i < binary_ops.size(); ++i) {
            const bool here = text_.compare(at_, binary_ops[i].size(), binary_ops[i]) == 0;
            if (here && (!found || binary_ops[i].size() > binary_ops[*found].size())) found = i;
        }
        if (!found || strength(static_cast<BinaryOp>(*found)) != level) return std::nullopt;
        at_ += binary_ops[*found].size();
        return static_cast<BinaryOp>(*found);
    }

    static FormulaPtr binary(BinaryOp op, FormulaPtr left, FormulaPtr right) {
        FormulaNode node;
        node.kind = FormulaNode::Kind::binary;
        node.op = op;
        node.children = {std::move(left), std::move(right)};
        return std::make_shared<FormulaNode>(std::move(node));
    }
    static IndexNode index_binary(char op, IndexNode left, IndexNode right) {
        IndexNode node;
        node.kind = IndexNode::Kind::binary;
        node.op = op;
        node.children.push_back(std::move(left));
        node.children.push_back(std::move(right));
        return node;
    }

    struct Depth {
        explicit Depth(Parser& p) : parser(p) {
            if (++parser.depth_ > deepest) parser.fail("too deeply nested");
        }
        ~Depth() { --parser.depth_; }
        Parser& parser;
    };

    const std::string& text_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

std::string to_string(BinaryOp op) {
    return std::string(binary_ops[static_cast<std::size_t>(op)]);
}

int strength(BinaryOp op) {
    if (op >= BinaryOp::less) return 0;
    if (op == BinaryOp::power) return 3;
    return op <= BinaryOp::subtract ? 1 : 2;
}

Rule parse_rule(const std::string& text) {
    return Parser(text).rule();
}

std::vector<std::string> operands(const Rule& rule) {
    std::vector<std::string> names;
    for_each_ref(*rule.expression, [&](const FormulaNode& ref, bool) {
        if (std::find(names.begin(), names.end(), ref.name) == names.end()) names.push_back(ref.name);
    });
    return names;
}

}  // namespace saccade
