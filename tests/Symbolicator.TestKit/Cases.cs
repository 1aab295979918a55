namespace Symbolicator.TestKit;

/// <summary>
/// The optional folder of conformance cases: named by the environment variable <c>SYMBOLICATOR_CASES</c>, or
/// <c>shared/cases</c> beside the project. Tests that need it skip when it is absent.
/// </summary>
public static class Cases
{
    /// <summary>Environment variable that names the folder.</summary>
    public const string Variable = "SYMBOLICATOR_CASES";

    /// <summary>Reason to give when a test is skipped.</summary>
    public const string Absent = "the conformance cases are not present";

    private static readonly Lazy<string?> Root = new(() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
            ? named
            : Fixture.Ancestors().Select(folder => Path.Combine(folder, "shared", "cases")).FirstOrDefault(Directory.Exists));

    /// <summary>Path of a file below <c>fixtures</c> of the cases (<c>symbolic/…</c>), null when it is absent.</summary>
    public static string? Find(string relative) => Existing("fixtures", relative);

    /// <summary>Path of a file of cases below <c>public</c>, null when it is absent.</summary>
    public static string? FindPublic(string relative) => Existing("public", relative);

    private static string? Existing(string folder, string relative)
    {
        string? path = Root.Value is null ? null : Path.Combine(Root.Value, folder, relative);
        return File.Exists(path) ? path : null;
    }
}
