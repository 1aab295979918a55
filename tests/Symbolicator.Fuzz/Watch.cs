using System.Diagnostics;

namespace Symbolicator.Fuzz;

/// <summary>
/// Ends the process when a case hangs or takes memory without end: only so is there a file to look at. The case is
/// written first.
/// </summary>
internal sealed class Watch
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private const long MostMemory = 3L << 30;

    private readonly Action<byte[], string> _save;
    private volatile byte[]? _running;
    private long _started;

    public Watch(Action<byte[], string> save)
    {
        _save = save;
        new Thread(Guard) { IsBackground = true }.Start();
    }

    public void Begin(byte[] file)
    {
        Interlocked.Exchange(ref _started, Stopwatch.GetTimestamp());
        _running = file;
    }

    public TimeSpan End()
    {
        _running = null;
        return Stopwatch.GetElapsedTime(Interlocked.Read(ref _started));
    }

    private void Guard()
    {
        while (true)
        {
            Thread.Sleep(200);
            bool hangs = Stopwatch.GetElapsedTime(Interlocked.Read(ref _started)) > Longest;
            if (_running is { } file && (hangs || Environment.WorkingSet > MostMemory))
            {
                _save(file, hangs ? "hang" : "memory");
                Environment.Exit(3);
            }
        }
    }
}
