package android.app;

public class Dialog {
    public void show() {
    }
}
