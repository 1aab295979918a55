using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Minidumps;

namespace Symbolicator.Engine.Tests.Minidumps;

public sealed class RewriteRulesTests
{
    [Theory]
    [InlineData("^app$", "game", "app", "game")]
    [InlineData("a", "b", "aaa", "baa")]
    [InlineData("(a)(b)", "$2$1", "xaby", "xbay")]
    [InlineData("(a)", "$1_x", "a", "")]
    [InlineData("(a)", "${1}_x", "a", "a_x")]
    [InlineData("(?P<name>[a-z]+)-(?<rest>.*)", "$rest/$name", "foo-1.2", "1.2/foo")]
    [InlineData("(a)(?P<n>b)(c)", "$3$n$2$1", "abc", "cbba")]
    [InlineData("(?:a)(b)", "[$1]", "ab", "[b]")]
    [InlineData("a", "$$1", "a", "$1")]
    [InlineData("a", "$", "a", "$")]
    [InlineData("a", "$-", "a", "$-")]
    [InlineData("a", "${", "a", "${")]
    [InlineData("a", "$9$nothing.", "a", ".")]
    [InlineData("[(](x)[)]", "$1", "(x)", "x")]
    [InlineData(@"\((x)\)", "$1", "(x)", "x")]
    [InlineData("(?i)APP", "x", "app.exe", "x.exe")]
    [InlineData(@"\.exe$", ".pdb", "a.exe", "a.pdb")]
    [InlineData("()", "x", "ab", "xab")]
    public void The_first_match_is_replaced_as_rust_does(string from, string to, string name, string expected) =>
        Assert.Equal(expected, Compile((from, to)).Apply(name));

    [Fact]
    public void The_first_rule_that_matches_counts()
    {
        var rules = Compile(("x", "1"), ("a", "2"), ("a", "3"));

        Assert.Equal("2b", rules.Apply("ab"));
        Assert.Null(rules.Apply("b"));
    }

    [Fact]
    public void No_rules_change_nothing() => Assert.Null(RewriteRules.None.Apply("a"));

    [Theory]
    [InlineData("(")]
    [InlineData("[")]
    [InlineData("a)")]
    [InlineData("(?P<a")]
    [InlineData("(?P<a>x)(?P<a>y)")]
    [InlineData("a{")]
    [InlineData("(?=a)")]
    [InlineData(@"(a)\1")]
    [InlineData("[[:alpha:]]")]
    [InlineData("[a&&b]")]
    [InlineData("((a{100}){100}){100}")]
    [InlineData("(a{99}b){99}(c{99}){99}")]
    public void A_pattern_that_cannot_be_used_is_refused(string from) =>
        Assert.Throws<RewriteRuleException>(() => Compile((from, "x")));

    [Fact]
    public void Repetitions_within_the_limit_are_taken() =>
        Assert.Equal("x", Compile(("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", "x")).Apply("01234567-0123-0123-0123-0123456789ab"));

    [Fact]
    public void Counts_and_lengths_are_limited()
    {
        var rule = new RewriteRule { From = "a", To = "b" };
        string longest = new('a', RewriteRules.MaxLength);

        RewriteRules.Compile([.. Enumerable.Repeat(rule, RewriteRules.MaxRules)]);
        Assert.Throws<RewriteRuleException>(() => RewriteRules.Compile([.. Enumerable.Repeat(rule, RewriteRules.MaxRules + 1)]));
        Assert.Equal(longest, Compile(("a", longest)).Apply("a"));
        Assert.Throws<RewriteRuleException>(() => Compile((longest + "a", "b")));
        Assert.Throws<RewriteRuleException>(() => Compile(("a", longest + "a")));
    }

    [Fact]
    public void A_pattern_that_makes_others_backtrack_takes_linear_time() =>
        Assert.Equal("x", Compile(("^(a*)*(a*)*(a*)*[bc]c$", "x")).Apply(new string('a', 20_000) + "bc"));

    private static RewriteRules Compile(params (string From, string To)[] rules) =>
        RewriteRules.Compile([.. rules.Select(rule => new RewriteRule { From = rule.From, To = rule.To })]);
}
