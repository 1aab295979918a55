using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Fuzz;
using Symbolicator.SymCache;
using Symbolicator.TestKit;

// fuzz SECONDS_PER_TARGET SEED FAILURES_FOLDER CORPUS_FOLDER...   damages the files of the corpus
// fuzz replay FOLDER...                                           reads files as they are
bool replay = args is ["replay", ..];
if (args.Length < (replay ? 2 : 4))
{
    Console.Error.WriteLine("fuzz SECONDS_PER_TARGET SEED FAILURES_FOLDER CORPUS_FOLDER... | fuzz replay FOLDER...");
    return 2;
}

double seconds = replay ? 0 : double.Parse(args[0], CultureInfo.InvariantCulture);
int seed = replay ? 0 : int.Parse(args[1], CultureInfo.InvariantCulture);
string failures = replay ? Path.GetTempPath() : args[2];
var corpus = Corpus(args[(replay ? 1 : 3)..]);
int failed = 0;
var watch = new Watch(Save);
Console.WriteLine("| target | files | cases | accepted | refused | failed | most bytes allocated | slowest |");
Console.WriteLine("| --- | --: | --: | --: | --: | --: | --: | --: |");
foreach (var target in Target.All)
{
    Run(target, corpus.Where(target.Takes).ToList());
}

return failed == 0 ? 0 : 1;

void Run(Target target, List<byte[]> files)
{
    long accepted = 0, refused = 0, bad = 0, most = 0;
    var slowest = TimeSpan.Zero;
    var clock = Stopwatch.StartNew();
    int cases = 0;
    for (; files.Count > 0 && (replay ? cases < files.Count : clock.Elapsed.TotalSeconds < seconds); cases++)
    {
        byte[] file = files[cases % files.Count];
        file = replay || cases < files.Count ? file : Damage.Apply(file, HashCode(seed, cases));
        long before = GC.GetAllocatedBytesForCurrentThread();
        watch.Begin(file);
        string? problem = null;
        try
        {
            target.Read(file);
            accepted++;
        }
        catch (MalformedFileException)
        {
            refused++;
        }
        catch (Exception e)
        {
            problem = e.ToString();
        }

        var took = watch.End();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        slowest = took > slowest ? took : slowest;
        most = Math.Max(most, allocated);
        problem ??= allocated > Mutator.AllowedBytes ? $"{allocated} bytes allocated" : took > Watch.Longest ? $"took {took}" : null;
        if (problem is not null)
        {
            bad++;
            failed++;
            Save(file, $"{target.Name}-{cases}");
            Console.Error.WriteLine($"{target.Name} case {cases}, {file.Length} bytes: {problem}");
        }
    }

    Console.WriteLine(
        $"| {target.Name} | {files.Count} | {cases} | {accepted} | {refused} | {bad} | {most:N0} | {slowest.TotalMilliseconds:N0} ms |");
}

void Save(byte[] file, string name) => File.WriteAllBytes(Path.Combine(failures, name + ".bin"), file);

// Not System.HashCode, which differs from process to process.
static int HashCode(int seed, int number) => unchecked(((seed * 16777619) ^ number) * -2048144789);

static List<byte[]> Corpus(string[] folders)
{
    var files = folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        .Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(file => file.Length > 3).ToList();
    foreach (byte[] file in files.ToArray())
    {
        if (Target.All[0].Takes(file) && TryBuild(file) is { } cache)
        {
            files.Add(cache);
        }

        if (files.Count % 8 == 0)
        {
            files.Add(Compress(file, stream => new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)));
            files.Add(Compress(file, stream => new ZLibStream(stream, CompressionLevel.Fastest, leaveOpen: true)));
        }
    }

    return files;
}

static byte[]? TryBuild(byte[] file)
{
    try
    {
        using var bytes = new MemoryFileBytes(file);
        using var image = ObjectFormats.Open(bytes)[0];
        var output = new MemoryStream();
        SymCacheBuilder.Build(image, output, SymCacheOptions.Default, ParseLimits.Default, CancellationToken.None);
        return output.ToArray();
    }
    catch (MalformedFileException)
    {
        return null;
    }
}

static byte[] Compress(byte[] file, Func<Stream, Stream> open)
{
    var output = new MemoryStream();
    using (var stream = open(output))
    {
        stream.Write(file);
    }

    return output.ToArray();
}
