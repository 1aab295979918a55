using System.Text.RegularExpressions;

namespace Symbolicator.Architecture.Tests;

/// <summary>Rules that the compiler does not know, checked on the sources themselves.</summary>
public sealed partial class SourceRuleTests
{
    /// <summary>Folders of Formats by what else of Formats they may name. A format never names another format.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Core"] = ["Model"],
        ["Model"] = ["Core"],
        ["Archives"] = ["Core", "Model"],
        ["Dwarf"] = ["Core", "Model"],
        ["Elf"] = ["Core", "Model", "Archives", "Dwarf"],
        ["Breakpad"] = ["Core", "Model", "FramePrograms"],
        ["Demangle"] = ["Core", "Model"],
        ["FramePrograms"] = ["Core", "Model"],
        ["Minidump"] = ["Core", "Model"],
        ["Pdb"] = ["Core", "Model", "FramePrograms", "Sources"],
        ["Pe"] = ["Core", "Model", "Archives", "Dwarf"],
        ["Sources"] = ["Core", "Model"],
        ["Unwind"] = ["Core", "Model"],
    };

    [Fact]
    public void A_format_folder_names_no_other_format()
    {
        var offences = new List<string>();
        foreach (string file in Sources("Symbolicator.Formats"))
        {
            string folder = Path.GetRelativePath(Project("Symbolicator.Formats"), file).Split(Path.DirectorySeparatorChar)[0];
            if (Path.GetFileName(file) == "ObjectFormats.cs")
            {
                continue; // the one place that registers formats
            }

            foreach (Match match in UsingOfFormats().Matches(File.ReadAllText(file)))
            {
                string used = match.Groups[1].Value;
                if (used != folder && !(MayUse.GetValueOrDefault(folder)?.Contains(used) ?? false))
                {
                    offences.Add($"{folder}/{Path.GetFileName(file)} uses {used}");
                }
            }
        }

        Assert.Empty(offences);
    }

    [Fact]
    public void Readers_and_symcache_are_synchronous()
    {
        var offences = Sources("Symbolicator.Formats").Concat(Sources("Symbolicator.SymCache"))
            .Where(file => AsyncCode().IsMatch(File.ReadAllText(file)))
            .Select(Path.GetFileName);

        Assert.Empty(offences);
    }

    [Fact]
    public void Pointers_stay_in_the_mapping_and_the_native_libraries()
    {
        var offences = Sources("Symbolicator.Formats")
            .Where(file => UnsafeCode().IsMatch(File.ReadAllText(file)))
            .Select(Path.GetFileName)
            .Except(["MappedFileBytes.cs", "ZstdNative.cs", "XzNative.cs", "Zstd.cs", "Xz.cs"]);

        Assert.Empty(offences);
    }

    [Fact]
    public void No_source_file_is_longer_than_500_lines()
    {
        var offences = Directory.EnumerateDirectories(Path.Combine(Root(), "src"))
            .SelectMany(project => Sources(Path.GetFileName(project)))
            .Where(file => !file.Contains("Constants", StringComparison.Ordinal) && File.ReadLines(file).Count() > 500)
            .Select(Path.GetFileName);

        Assert.Empty(offences);
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Symbolicator.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException("no Symbolicator.sln above the test");
    }

    private static string Project(string name) => Path.Combine(Root(), "src", name);

    private static IEnumerable<string> Sources(string project) =>
        Directory.EnumerateFiles(Project(project), "*.cs", SearchOption.AllDirectories);

    [GeneratedRegex(@"Symbolicator\.Formats\.(\w+)\b(?=[.;])")]
    private static partial Regex UsingOfFormats();

    [GeneratedRegex(@"\basync\b|\bTask<|\bawait\b|ValueTask")]
    private static partial Regex AsyncCode();

    [GeneratedRegex(@"\bunsafe\b|\bfixed \(")]
    private static partial Regex UnsafeCode();
}
